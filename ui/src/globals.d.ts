/** True only in `vite --mode preview`. */
declare const __PREVIEW__: boolean;

declare module 'virtual:sprite' {
  const address: string;
  export default address;
}
