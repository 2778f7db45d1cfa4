import type { Random } from '../../simulated/random.ts';

/** A script, whether words stand apart, and how much of what is said has to do with what it is about: from 0 to 1. */
export type Language = { script: 'latin' | 'cyrillic' | 'han'; about: number };

const SYLLABLES = {
  latin:
    'ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru'.split(
      ' ',
    ),
  cyrillic:
    'ба бе би бо бу да де ди до ду ка ке ки ко ку ла ле ли ло лу ма ме ми мо му на не ни но ну ра ре ри ро ру'.split(
      ' ',
    ),
  han: [...'天地人日月山水火木金土石田禾竹米糸羊耳肉舌舟色虫血行衣西見角言谷豆貝赤走足身車'],
};
const WORDS_OF_ANY = 400;
const WORDS_OF_TOPIC = 40;
const WORDS_OF_ONE = 8;

/** How people talk: of each topic and each campaign in words of its own, among words of all. */
export function speaker({ script, about }: Language, random: Random): (topic: number, one: string) => string {
  const syllables = SYLLABLES[script];
  const length = script === 'han' ? 2 : 3;
  const word = () => Array.from({ length }, () => random.pick(syllables)).join('');
  const words = (count: number) => Array.from({ length: count }, word);
  const any = words(WORDS_OF_ANY);
  const [ofTopics, ofOnes] = [new Map<number, string[]>(), new Map<string, string[]>()];
  const wordsFor = <Key>(map: Map<Key, string[]>, key: Key, count: number) => {
    const own = map.get(key) ?? words(count);
    map.set(key, own);
    return own;
  };
  return (topic, one) => {
    const [ofTopic, ofOne] = [wordsFor(ofTopics, topic, WORDS_OF_TOPIC), wordsFor(ofOnes, one, WORDS_OF_ONE)];
    const said = Array.from({ length: random.whole(5, 12) }, () => {
      if (!random.chance(about)) return random.pick(any);
      return random.pick(random.chance(0.7) ? ofTopic : ofOne);
    });
    return said.join(script === 'han' ? '' : ' ');
  };
}
