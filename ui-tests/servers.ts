/** The token of the tests' own servers. */
export const TOKEN = 'ui-tests';

const FIRST_PORT = Number(process.env.UI_TESTS_FIRST_PORT ?? 18_988);

/** Where the tests' own language model answers, which says what a test tells it. */
export const MODEL_PORT = FIRST_PORT + 2;

/** A JupyterLab that the tests start. */
export interface IServer {
  name: string;
  port: number;
  serverHalf: 'enabled' | 'disabled';
}

export const WHOLE: IServer = {
  name: 'whole',
  port: FIRST_PORT,
  serverHalf: 'enabled'
};

/** Only the page's half is there, as after an incomplete installation. */
export const HALF: IServer = {
  name: 'half',
  port: FIRST_PORT + 1,
  serverHalf: 'disabled'
};

export const SERVERS: readonly IServer[] = [WHOLE, HALF];

/** The address of a server's JupyterLab, token included. */
export function labUrl(server: IServer): string {
  return `http://127.0.0.1:${server.port}/lab?token=${TOKEN}`;
}
