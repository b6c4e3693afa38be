import { describe, expect, it } from 'vitest';
import { variablesOf } from './variables.ts';

describe('variables that reach a repository', () => {
  it('are lines, of which empty ones and comments say nothing', () => {
    expect(variablesOf('# of the shelf\n\nAWS_ACCESS_KEY_ID=one\n  AWS_SECRET_ACCESS_KEY=a=b #c \n')).toEqual({
      AWS_ACCESS_KEY_ID: 'one',
      AWS_SECRET_ACCESS_KEY: 'a=b #c',
    });
  });

  it.each([
    ['AWS_ACCESS_KEY_ID=x\nthe secret', 'line 2 is not NAME=VALUE'],
    ['RESTIC_PASSWORD_COMMAND=rm -r /', 'line 1 is none of AWS_…'],
    ['LD_PRELOAD=/tmp/x.so', 'line 1 is none of AWS_…'],
    ['export AWS_ACCESS_KEY_ID=x', 'line 1 is not NAME=VALUE'],
  ])('are nothing else: %j', (text, complaint) => {
    expect(() => variablesOf(text)).toThrow(complaint);
    expect(() => variablesOf(text)).not.toThrow('the secret');
  });
});
