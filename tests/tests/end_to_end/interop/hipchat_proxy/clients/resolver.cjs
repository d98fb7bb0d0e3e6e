// Loaded by Node itself (--require) into the process of a HipChat client: HTTPS to api.hipchat.com goes to HIPCHAT_AT
// (address:port), plain HTTP to HIPCHAT_PLAIN_AT. This is what a private DNS zone does for applications that cannot be told another host.
const dns = require('dns');
const http = require('http');
const tls = require('tls');

const NAME = 'api.hipchat.com';
const [address, port] = process.env.HIPCHAT_AT.split(':');
const [, plainPort] = process.env.HIPCHAT_PLAIN_AT.split(':');

const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host === NAME ? address : host, ...rest);

const { connect } = tls;
tls.connect = (options, ...rest) => {
  const there = options.host === NAME && Number(options.port) === 443;
  return connect(there ? { ...options, port: Number(port) } : options, ...rest);
};

const { createConnection } = http.Agent.prototype;
http.Agent.prototype.createConnection = function plain(options, ...rest) {
  const there = options.host === NAME && Number(options.port) === 80;
  return createConnection.call(this, there ? { ...options, port: Number(plainPort) } : options, ...rest);
};
