/** The live page, in a file of its own once it is built: few starts are asked for it. */
import type { UiPage } from './ui.ts';

/** Put in by the build; see scripts/ui-page.ts. */
declare const uiPage: UiPage;

export const page = uiPage;
