/** Labels of the objects that the program makes for itself. */
export const MADE_BY_US = { 'app.kubernetes.io/managed-by': 'home-load-balancer' } as const;
