import { createServer, type Server } from 'node:http';

/** One turn in the form that the intern's prompt asks for. */
export function turn(code: string, thought = ''): string {
  return `Item 1\n${thought}\n\`\`\`python\n${code}\n\`\`\``;
}

/** A server on loopback that speaks OpenAI's chat protocol, streams its answers, and says what it is told. */
export class ScriptedModel {
  /** Answer the coming requests with these texts, one after another. */
  say(...answers: string[]): void {
    this._answers = answers;
  }

  async listen(port: number): Promise<void> {
    this._server = createServer((request, response) => {
      request.resume().on('end', () => {
        if (!request.url?.endsWith('/chat/completions')) {
          // What a server may tell of its models, this one doesn't.
          response.writeHead(404).end();
          return;
        }
        const answer = this._answers.shift();
        if (answer === undefined) {
          response.writeHead(400).end('{"error": "The script is at its end."}');
          return;
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const piece of answer.match(/[^]{1,40}/g) ?? []) {
          response.write(chunk({ role: 'assistant', content: piece }, null));
        }
        response.write(chunk({}, 'stop'));
        response.end('data: [DONE]\n\n');
      });
    });
    await new Promise<void>(resolve =>
      this._server?.listen(port, '127.0.0.1', resolve)
    );
  }

  async close(): Promise<void> {
    this._server?.closeAllConnections();
    await new Promise(resolve => this._server?.close(resolve));
  }

  private _answers: string[] = [];
  private _server: Server | null = null;
}

function chunk(delta: object, finish_reason: string | null): string {
  const choices = [{ index: 0, delta, finish_reason }];
  const whole = {
    id: 'scripted',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'scripted',
    choices
  };
  return `data: ${JSON.stringify(whole)}\n\n`;
}
