"""nginx as the reference: one worker, tuned, with the region's own certificate and the cipher that the region chose."""

import os
import pwd
import socket
import ssl
import subprocess

from demo import wait_until
from processes import SERVER_CORE, children, on_core

CONFIG = """
daemon off;
user {user};
worker_processes 1;
worker_rlimit_nofile 8192;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  server_tokens off;
  default_type application/json;
  client_body_temp_path {prefix}/body;
  proxy_temp_path {prefix}/proxy;
  fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi;
  scgi_temp_path {prefix}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 75s;
  tcp_nodelay on;
  sendfile on;
  open_file_cache max=1000 inactive=60s;
  client_max_body_size 16m;
  client_body_buffer_size 128k;
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols {protocol};
    ssl_conf_command Ciphersuites {cipher};
    {locations}
    location /files/ {{ root {prefix}; dav_methods PUT; default_type image/jpeg; }}
  }}
}}
"""


def negotiated(port):
    """(protocol, cipher) that the region chooses with this machine's OpenSSL."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname="localhost") as made:
        return made.version(), made.cipher()[0]


class Nginx:
    def __init__(self, prefix, port, region, bodies):
        """`bodies`: path → what `return 200` sends there."""
        self.prefix, self.port = prefix, port
        self.files = prefix / "files"
        self.files.mkdir(parents=True)
        self.protocol, self.cipher = negotiated(region.base_port)
        locations = "\n    ".join(f"location = {path} {{ return 200 '{body}'; }}" for path, body in bodies.items())
        config = prefix / "nginx.conf"
        config.write_text(CONFIG.format(user=pwd.getpwuid(os.getuid()).pw_name, prefix=prefix, port=port,
                                        certificate=region.dir / "tls" / "server.crt", key=region.dir / "tls" / "server.key",
                                        protocol=self.protocol, cipher=self.cipher, locations=locations))
        self.process = subprocess.Popen(on_core(SERVER_CORE, ["nginx", "-p", prefix, "-c", config]),
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("nginx answers", self._answers)

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"nginx ended: {(self.prefix / 'error.log').read_text()[-2000:]}")
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True

    @property
    def pids(self):
        return children(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
