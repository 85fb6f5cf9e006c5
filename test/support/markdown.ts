/** The fenced blocks of a page, with where they begin. */
export interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export function fencedBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = ''], i, all) => ({
    line: markdown.slice(0, all[i]?.index).split('\n').length,
    language,
    text,
  }));
}

/** The anchor of a heading, as GitHub makes it. */
export function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ +(.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
