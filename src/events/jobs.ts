/**
 * Domain job kinds: who may query, change or destroy a domain. One job is held at a time.
 *
 * libvirt 9.0.0 `src/conf/virdomainjob.h:virDomainJob`.
 */
export const jobKinds = ['query', 'modify'] as const;
export type JobKind = (typeof jobKinds)[number];
