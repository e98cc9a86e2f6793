import * as fs from 'fs';
import { Cluster, LabProcess } from '..';
import { eventually } from './support';

/** Ends a real API server the hard way and starts it again, with the same data: its watch cache is empty then, as after an upgrade. */
export class ApiServerCrash {
  private static restarts = 0;

  private readonly argv: string[];
  private readonly pid: number;
  constructor(private readonly cluster: Cluster) {
    this.pid = pidOf(cluster, 'kube-apiserver');
    this.argv = fs.readFileSync(`/proc/${this.pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    process.kill(this.pid, 'SIGKILL');
  }

  /** Starts it again and waits until it serves. */
  async restart(): Promise<LabProcess> {
    await eventually(() => expect(fs.existsSync(`/proc/${this.pid}`)).toBe(false)); // until then the port is in use
    const server = this.cluster.network.start('ctl', { name: `kube-apiserver-again-${++ApiServerCrash.restarts}`, argv: this.argv });
    const ready = async () => this.cluster.kubectl('get', '--raw', '/readyz').then(() => true, () => false); // before that it has no addresses for Services
    await server.until(ready, 'answer of /readyz', 60_000);
    return server;
  }
}

/** The process of that name in the control plane's network namespace. */
function pidOf(cluster: Cluster, name: string): number {
  const { ino } = fs.statSync(cluster.network.namespaceFile('ctl'));
  const found = fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).filter((pid) => {
    try {
      return fs.statSync(`/proc/${pid}/ns/net`).ino === ino && fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
    } catch {
      return false; // it has just ended
    }
  });
  if (found.length !== 1) throw new Error(`${found.length} processes ${name} in ctl`);
  return Number(found[0]);
}
