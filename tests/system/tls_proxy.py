"""TLS with client certificates in front of a plain port, and an authority that makes the certificates."""
import asyncio
import ssl
import subprocess
import threading

from support import PATIENCE, wait_for


class Authority:
    """Makes certificates that it has signed, as files of a folder: ca.pem, NAME.pem, NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", "/CN=the tests' authority", "-keyout", "ca.key", "-out", "ca.pem")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=PATIENCE)

    def issue(self, name):
        """(certificate, key); `name` is its subject and the host that it is for."""
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        (self.folder / f"{name}.key").chmod(0o600)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class TlsProxy:
    """Asks each caller for a certificate of the authority, and passes what it says on in the clear."""

    def __init__(self, target, ca, certificate, key, protocols=()):
        self.target, self.port = target, None
        self.callers, self.heard = [], b""
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_cert_chain(certificate, key)
        if protocols:
            self.context.set_alpn_protocols(protocols)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        wait_for(lambda: self.port, "the TLS proxy")

    def serve(self):
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(lambda loop, context: None)  # a caller without a certificate is what it is for
        self.server = self.loop.run_until_complete(asyncio.start_server(self.accept, "127.0.0.1", 0, ssl=self.context))
        self.port = self.server.sockets[0].getsockname()[1]
        self.loop.run_forever()

    async def accept(self, reader, writer):
        subject = writer.get_extra_info("peercert")["subject"]
        self.callers.append(dict(pair for part in subject for pair in part)["commonName"])
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self.pump(reader, far_writer, True), self.pump(far_reader, writer, False))

    async def pump(self, source, sink, remember):
        try:
            while data := await source.read(65536):
                if remember:
                    self.heard += data
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        sink.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
