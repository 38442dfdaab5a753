/** Status by shape: disc, triangle, square, dashed ring, hollow disc. Never by colour alone. */
export type Shape = 'ok' | 'warn' | 'crit' | 'unknown' | 'off'
