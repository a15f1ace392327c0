"""Ed25519 (RFC 8032) for the devices of the tests: key pair and signature. Slow and not constant in time: for tests alone."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    h, g, k, m = f - e, d + c, d - c, f + e
    return h * k % P, m * g % P, k * g % P, h * m % P


def times(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, point)
        point = add(point, point)
        n >>= 1
    return out


def base_point():
    y = 4 * pow(5, P - 2, P) % P
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1:
        x = P - x
    return x, y, 1, x * y % P


B = base_point()


def packed(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


def expanded(private):
    h = hashlib.sha512(private).digest()
    a = int.from_bytes(h[:32], 'little') & (1 << 254) - 8 | 1 << 254
    return a, h[32:]


def public_key(private):
    return packed(times(expanded(private)[0], B))


def sign(private, message):
    a, prefix = expanded(private)
    public = packed(times(a, B))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), 'little') % L
    start = packed(times(r, B))
    h = int.from_bytes(hashlib.sha512(start + public + message).digest(), 'little') % L
    return start + ((r + h * a) % L).to_bytes(32, 'little')
