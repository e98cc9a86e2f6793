import { NetworkLink } from '../sys';
import { isTrouble } from './link-watch';
import { Surroundings } from './surroundings';

/** Asks interfaces for all frames, once each; one that vanishes and comes back, again. */
export class Promiscuity {
  /** By index: the incarnation that was asked. */
  private readonly asked = new Map<number, number>();

  /** @param wanted which interfaces, by name; none if it is left out */
  constructor(
    private readonly around: Pick<Surroundings, 'packets'>,
    private readonly wanted: ((name: string) => boolean) | undefined,
    private readonly problem: (message: string, fields: object) => void,
  ) {}

  set(links: readonly NetworkLink[]): void {
    const present = new Set(links.map(({ index }) => index));
    for (const index of this.asked.keys()) if (!present.has(index)) this.asked.delete(index);
    for (const { index, incarnation, name } of links) {
      if (this.asked.get(index) === incarnation || !this.wanted?.(name)) continue;
      try {
        this.around.packets.setPromiscuous(index, true);
        this.asked.set(index, incarnation);
      } catch (error) {
        if (!isTrouble(error)) throw error;
        this.problem('an interface cannot be made promiscuous', { interface: name, error: error.message });
      }
    }
  }
}
