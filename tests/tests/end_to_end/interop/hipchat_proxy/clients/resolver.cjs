// Loaded by Node itself (--require) into the process of a HipChat client: HTTPS to api.hipchat.com goes to HIPCHAT_AT
// (address:port). This is what a private DNS zone does for applications that cannot be told another host.
const dns = require('dns');
const tls = require('tls');

const NAME = 'api.hipchat.com';
const [address, port] = process.env.HIPCHAT_AT.split(':');

const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host === NAME ? address : host, ...rest);

const { connect } = tls;
tls.connect = (options, ...rest) => {
  const there = options.host === NAME && Number(options.port) === 443;
  return connect(there ? { ...options, port: Number(port) } : options, ...rest);
};
