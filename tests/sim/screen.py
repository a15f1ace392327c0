"""A small terminal: what a person sees of a program on a pseudo-terminal, scrollback included.

It knows the sequences that the chat uses and refuses every other one, so that nothing odd is sent unseen.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

SEQUENCE = re.compile(r'\x1b\[([<>?]?)([0-9;]*)([A-Za-z])')
IGNORED = {('?', 'h'), ('?', 'l'), ('', 'm'), ('>', 'u'), ('<', 'u')}
SANITIZER = re.compile('AddressSanitizer: |LeakSanitizer: |runtime error:')


def width_of(c):
    return 0 if unicodedata.combining(c) or c == '\u200d' else 2 if unicodedata.east_asian_width(c) in 'WF' else 1


class Screen:
    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.rows, self.row, self.col = [''], 0, 0  # rows: everything ever scrolled, and the screen
        self.pending = ''

    def feed(self, text):
        text, self.pending = self.pending + text, ''
        at = 0
        while at < len(text):
            if text[at] != '\x1b':
                self.put(text[at])
                at += 1
                continue
            m = SEQUENCE.match(text, at)
            if not m:
                assert len(text) - at < 32, f'not a known sequence: {text[at:at + 20]!r}'
                self.pending = text[at:]
                return
            self.sequence(m[1], m[2], m[3])
            at = m.end()

    def sequence(self, private, params, final):
        n = int(params.split(';')[0] or 1) if final in 'AC' else 0
        if final == 'A' and not private:
            self.row = max(self.row - n, 0)
        elif final == 'C' and not private:
            self.col = min(self.col + n, self.columns - 1)
        elif final == 'J' and not private and params in ('', '0'):
            self.rows[self.row] = self.rows[self.row][:self.col]
            del self.rows[self.row + 1:]
        else:
            assert (private, final) in IGNORED, f'unexpected sequence {private}{params}{final}'

    def line_feed(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append('')

    def put(self, c):
        if c == '\r':
            self.col = 0
        elif c == '\n':
            self.line_feed()
        elif c >= ' ':
            w = width_of(c)
            if self.col + w > self.columns:
                self.line_feed()
                self.col = 0
            line = self.rows[self.row].ljust(self.col)
            self.rows[self.row] = line[:self.col] + c + line[self.col + 1:]
            self.col += 1 if w else 0  # a wide character counts once here: the tests compare text
        else:
            assert c == '\x07', f'unexpected control character {c!r}'

    @property
    def text(self):
        return '\n'.join(r.rstrip() for r in self.rows)


class Terminal:
    """A program on a pseudo-terminal of so many columns."""

    def __init__(self, openclaw, binary, *args, columns=80, lines=24, env=None, questions=False):
        """questions: stderr is shown too, so that the program may ask there."""
        self.screen = Screen(columns, lines)
        self.raw = ''
        self.master, slave = pty.openpty()
        self.size(columns, lines)

        def take_terminal():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.popen = subprocess.Popen([str(binary), *map(str, args)], env={**openclaw.env, 'TERM': 'xterm-256color', **(env or {})},
                                      cwd=openclaw.home, stdin=slave, stdout=slave,
                                      stderr=slave if questions else subprocess.PIPE, start_new_session=True,
                                      preexec_fn=take_terminal)
        os.close(slave)

    def size(self, columns, lines=24):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))

    def resize(self, columns, lines=24):
        self.size(columns, lines)
        self.screen.columns, self.screen.lines = columns, lines
        self.popen.send_signal(signal.SIGWINCH)

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.raw += data.decode(errors='replace')
        self.screen.feed(data.decode(errors='replace'))
        return bool(data)

    def wait(self, found, what, seconds=20):
        until = time.monotonic() + seconds
        while not found(self.screen.text):
            if not self.read(max(0, until - time.monotonic())):
                raise AssertionError(f'{what} never came; the screen:\n{self.screen.text}\n--- raw\n{self.raw[-2000:]!r}')
        return self

    def expect(self, *words):
        return self.wait(lambda text: all(w in text for w in words), repr(words))

    def gone(self, word):
        return self.wait(lambda text: word not in text, f'the end of {word!r}')

    def type(self, text):
        os.write(self.master, text.encode())
        return self

    def enter(self, text):
        """Types a line; the text must be shown before Enter is pressed."""
        return self.type(text).expect(text.split('\n')[0][:30]).type('\r')

    @property
    def text(self):
        while self.read(0):
            pass
        return self.screen.text

    def end(self, seconds=20):
        until = time.monotonic() + seconds
        while self.read(0.02) or self.popen.poll() is None:
            assert time.monotonic() < until, f'hangs:\n{self.screen.text}'
        errors = self.popen.stderr.read().decode(errors='replace') if self.popen.stderr else ''
        assert not SANITIZER.search(self.raw + errors), errors
        self.errors = errors
        return self.popen.wait()

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        if self.popen.stderr:
            self.popen.stderr.close()
        os.close(self.master)
