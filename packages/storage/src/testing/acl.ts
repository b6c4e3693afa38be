/** An access control list that lets one id besides the owner read: [acl(5), linux/posix_acl_xattr.h] */
export const acl = (id: number): string => {
  const entries = [
    [1, 6, 2 ** 32 - 1],
    [2, 4, id],
    [4, 4, 2 ** 32 - 1],
    [16, 4, 2 ** 32 - 1],
    [32, 0, 2 ** 32 - 1],
  ].map(([tag = 0, rights = 0, who = 0]) => {
    const entry = Buffer.alloc(8);
    entry.writeUInt16LE(tag, 0);
    entry.writeUInt16LE(rights, 2);
    entry.writeUInt32LE(who, 4);
    return entry;
  });
  return `0x02000000${Buffer.concat(entries).toString('hex')}`;
};
