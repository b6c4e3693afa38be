import { expect, test } from 'vitest';
import { checkUserData } from './user-data.ts';

const check = (userData: string) => () => checkUserData('web', { cloudInit: { userData } });

test.each(['#cloud-config\npackages: [nginx]\n', '#cloud-config\n', '#!/bin/sh\n: [not yaml\n'])('takes %j', (text) =>
  expect(check(text)).not.toThrow(),
);

test.each([
  ['#cloud-config\npackages: [nginx\n', /workloads\.web\.cloudInit\.userData: line \d+: /],
  ['#cloud-config\na: 1\na: 2\n', /line 3: .*unique/],
  ['#cloud-config\n- nginx\n', /is no cloud-config/],
])('names the line of what is none: %j', (text, message) => expect(check(text)).toThrow(message));
