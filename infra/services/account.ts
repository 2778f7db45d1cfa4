/** Whose process or file it is, to the system. */
export type Account = { readonly uid: number; readonly gid: number };
