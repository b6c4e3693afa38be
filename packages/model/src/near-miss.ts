/** A near miss as the end of a sentence: "it would fit h1/lxc if 1GiB of memory were free". */
export const nearMissText = (nearMiss: string): string => `it ${nearMiss.replace(/^fits /, 'would fit ')}`;
