/**
 * How the sentences begin that views of workloads say where a guest knows more than the inventory: the reason of one that
 * the inventory does not know, and the drift of one that was brought to something newer.
 */
export const unknownToInventory = 'is of this installation, and its inventory does not know it';
export const newerThanInventory = 'database: the guest was brought to generation';
