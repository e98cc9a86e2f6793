import { NetworkLink } from '../sys';
import { isTrouble } from './link-watch';
import { Surroundings } from './surroundings';

/** Asks interfaces for all frames, once each; one that vanishes and comes back, again. */
export class Promiscuity {
  private readonly asked = new Set<number>();

  /** @param wanted which interfaces, by name; none if it is left out */
  constructor(
    private readonly around: Pick<Surroundings, 'packets'>,
    private readonly wanted: ((name: string) => boolean) | undefined,
    private readonly problem: (message: string, fields: object) => void,
  ) {}

  set(links: readonly NetworkLink[]): void {
    const present = new Set(links.map(({ index }) => index));
    for (const index of this.asked) if (!present.has(index)) this.asked.delete(index);
    for (const { index, name } of links) {
      if (this.asked.has(index) || !this.wanted?.(name)) continue;
      try {
        this.around.packets.setPromiscuous(index, true);
        this.asked.add(index);
      } catch (error) {
        if (!isTrouble(error)) throw error;
        this.problem('an interface cannot be made promiscuous', { interface: name, error: error.message });
      }
    }
  }
}
