/** The X.509 library, after the polyfill that it needs before it is loaded. */
import 'reflect-metadata';

export * from '@peculiar/x509';
