/** The token of the tests' own servers. */
export const TOKEN = 'ui-tests';

/** A JupyterLab that the tests start. */
export interface IServer {
  name: string;
  port: number;
  serverHalf: 'enabled' | 'disabled';
}

export const WHOLE: IServer = {
  name: 'whole',
  port: 18_988,
  serverHalf: 'enabled'
};

/** Only the page's half is there, as after an incomplete installation. */
export const HALF: IServer = {
  name: 'half',
  port: 18_989,
  serverHalf: 'disabled'
};

export const SERVERS: readonly IServer[] = [WHOLE, HALF];

/** The address of a server's JupyterLab, token included. */
export function labUrl(server: IServer): string {
  return `http://127.0.0.1:${server.port}/lab?token=${TOKEN}`;
}
