/** Which start of the server this page is of. */
export const server = document.querySelector<HTMLMetaElement>('meta[name="etcd-appliance-server"]')?.content ?? '';
