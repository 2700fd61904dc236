/** The server's end of a socket, in this page: a test says what it sends and when it breaks. */
export class Wire {
  static made: Wire[] = [];

  constructor(readonly url: string) {
    Wire.made.push(this);
  }

  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: { request_id: string; type: string }[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text) as { request_id: string; type: string });
  }

  close(): void {
    this.onclose?.();
  }

  hello(): void {
    this.onopen?.();
    this.tell({ type: 'hello', last_seq: 0, allowed: [] });
  }

  tell(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}
