/** Numbers from 0 to below one, always the same ones (a linear congruence). */
function drawing(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Texts of ten themes, each with twenty words of its own of which every text has a few. */
export function corpus(): string[] {
  const draw = drawing();
  return Array.from({ length: 4000 }, (_, i) => {
    const theme = i % 10;
    return Array.from({ length: 5 }, () => `a${theme}x${draw(20)}`).join(' ');
  });
}

const THEMES = [
  'wifi drops whenever after suspend wireless signal router',
  'print photo printer paper ink scanner page',
  'install nvidia driver build graphics kernel module',
  'music player recommend song album radio sound',
  'mount usb disk mounted partition drive stick',
  'set mail server smtp inbox spam send',
];

/** The same, and texts of ordinary words. */
export function plainCorpus(): string[] {
  const draw = drawing();
  const plain = Array.from({ length: 1800 }, (_, i) => {
    const words = (THEMES[i % THEMES.length] as string).split(' ');
    return Array.from({ length: 4 }, () => words[draw(words.length)]).join(' ');
  });
  return [...corpus(), ...plain];
}
