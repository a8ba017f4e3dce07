"""Who holds a port of this machine."""
import errno
import re
import socket
import subprocess

from failure import Failure


def need_free(port, purpose, flag):
    """Fails if the port on 127.0.0.1 is taken, and says by what."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        taken = f"is taken{holder(port)}; stop that" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
        raise Failure(f"port {port}, {purpose}, {taken}, or choose another with {flag} PORT") from None


def holder(port):
    try:
        listed = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    # users:(("java",pid=123,fd=45)), absent for a process of another user
    found = re.search(r'users:\(\("([^"]*)",pid=(\d+)', listed)
    return f" by {found[1]} (pid {found[2]})" if found else ""
