/**
 * The issuer of tokens on a developer's machine. Its key lies in a file, so no Worker takes its tokens
 * unless it says that it is for development.
 */
export const DEVELOPMENT_ISSUER = 'https://dev.edgewise.local';
export const DEVELOPMENT_AUDIENCE = 'edgewise';
