import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { backendQuestions } from './questions/backend.ts';
import { deviceQuestions } from './questions/devices.ts';
import { hostQuestions } from './questions/hosts.ts';
import { neighbourQuestions } from './questions/neighbours.ts';
import type { Question } from './questions/question.ts';
import { ruleQuestions } from './questions/rules.ts';
import { keyOf } from './reason.ts';
import { snapshot } from './testing.ts';

const answer = ({ hosts, request, workloads = [], rules }: Question) => {
  const { winner, reason, waitsFor } = decide(snapshot(hosts, { workloads, ...(rules && { rules }) }), request);
  return { winner: winner && keyOf(winner), reason, waitsFor };
};

const chapters: readonly (readonly [string, readonly Question[]])[] = [
  ['container or virtual machine', backendQuestions],
  ['devices', deviceQuestions],
  ['room and hosts', hostQuestions],
  ['neighbours', neighbourQuestions],
  ['rules', ruleQuestions],
];

describe.each(chapters)('a question about %s', (_, questions) => {
  it.each(questions)('$says', (question) => {
    const { winner, reason, waitsFor } = question;
    expect(answer(question)).toEqual({ winner, reason, waitsFor });
  });

  it('stands here once', () => expect(new Set(questions.map(({ says }) => says)).size).toBe(questions.length));
});
