/** The live page, in a file of its own in the build: most instances never load it. */
import type { UiPage } from './ui.ts';

/** Inserted by the build; see scripts/ui-page.ts. */
declare const uiPage: UiPage;

export const page = uiPage;
