/** Reads and writes as a client of the cluster does them: those of the rehearsal's clients. */
export { read, readFolder, wasNeverSent, write } from '../../infra/local/rehearse/kv.ts';
