/** Says on standard error what is going on: in one line on a terminal, in a few lines elsewhere. */
export class Progress {
  private readonly started = Date.now();
  private last = '';

  /** @param what what is being done now; the same phase is said once where there is no terminal */
  say(what: string, done?: number, total?: number): void {
    const seconds = ((Date.now() - this.started) / 1000).toFixed(0).padStart(3);
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${seconds} s  ${what}${total ? ` ${done}/${total}` : ''}`);
    } else if (what !== this.last) {
      this.last = what;
      process.stderr.write(`${seconds} s  ${what}\n`);
    }
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}
