import type { Config } from '../config';
import type { EventRecorder, KubeObject } from '../kube';
import type { Logger } from '../observability';

interface Options {
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly log: Logger;
  readonly objectOf: (peer: { readonly namespace: string; readonly name: string }) => KubeObject | undefined;
}

const TEXT = 'this version checks BGP objects and does not announce by BGP: advertise the pools with an L2Advertisement as well';

/** Says once, in the log and in an event of each peer, that nothing is announced by BGP. The objects are valid all the same. */
export class BgpNotice {
  private readonly told = new Set<string>();
  private logged = false;

  constructor(private readonly options: Options) {}

  look({ bgpPeers, bgpAdvertisements }: Pick<Config, 'bgpPeers' | 'bgpAdvertisements'>): void {
    const { recorder, log, objectOf } = this.options;
    if (!this.logged && bgpPeers.length + bgpAdvertisements.length > 0) {
      this.logged = true;
      log.warn({ peers: bgpPeers.map(({ name }) => name), advertisements: bgpAdvertisements.map(({ name }) => name) }, TEXT);
    }
    for (const { namespace, name, uid } of bgpPeers) {
      const key = `${name} ${uid}`;
      const object = this.told.has(key) ? undefined : objectOf({ namespace, name });
      if (object) {
        this.told.add(key);
        recorder.record(object, 'Warning', 'BGPNotAnnounced', TEXT);
      }
    }
  }
}
