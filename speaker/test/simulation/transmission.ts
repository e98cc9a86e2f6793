/** What a network does to packets. */
export interface NetworkFaults {
  loss: number;
  duplication: number;
  /** Greatest one-way delay, in milliseconds. */
  delayMs: number;
}

export interface Chance {
  readonly now: number;
  readonly random: { chance(probability: number): boolean; between(low: number, high: number): number };
  at(time: number, run: () => void): void;
}

/** A packet is on its way: it arrives later, or never, or twice, and may be overtaken. */
export function transmit(ground: Chance, { loss, duplication, delayMs }: NetworkFaults, arrive: () => void): void {
  const copies = ground.random.chance(duplication) ? 2 : 1;
  for (let i = 0; i < copies; i++) {
    if (!ground.random.chance(loss)) ground.at(ground.now + ground.random.between(0.05, delayMs), arrive);
  }
}
