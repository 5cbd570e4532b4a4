/** The address of an endpoint as an operator writes it into the configuration. */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';

/** The base of a service's paths: HTTPS, or HTTP to this machine; nothing that could carry a secret. */
export const endpointUrl = lazily(() =>
  z
    .url({ protocol: /^https?$/ })
    .max(512)
    .refine((text) => {
      const { username, password, search, hash } = new URL(text);
      return username + password + search + hash === '';
    }, 'without user, password, query and fragment')
    .refine((text) => {
      const { protocol, hostname } = new URL(text);
      return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
    }, 'https, or http to this machine')
    .transform((text) => text.replace(/\/+$/, '')),
);
