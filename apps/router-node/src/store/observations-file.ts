/** In the data directory, beside `router.db`. */
export const OBSERVATIONS_FILE = 'observations.db';
