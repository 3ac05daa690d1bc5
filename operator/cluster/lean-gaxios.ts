/** What the operator framework asks the API server with, which nothing here calls: gaxios would load node-fetch and the tables of whatwg-url. */
export const instance = undefined;
