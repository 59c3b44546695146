/** Plain Vite reads everything from `vite.config.ts`; this file tells the editor's tools so. */
export default {};
