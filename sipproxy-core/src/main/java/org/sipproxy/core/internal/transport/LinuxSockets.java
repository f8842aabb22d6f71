package org.sipproxy.core.internal.transport;

import java.lang.invoke.MethodHandle;
import java.net.BindException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/**
 * System calls of 64-bit Linux for datagram sockets. The numbers are those of x86_64 and aarch64, which are the same.
 * Each call returns -1 if it fails, and sets the {@link Errno}.
 */
final class LinuxSockets {

    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;

    static final int SOL_SOCKET = 1;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int SO_REUSEPORT = 15;
    static final int SO_RCVTIMEO = 20;
    static final int SO_SNDTIMEO = 21;
    static final int IPPROTO_IP = 0;
    static final int IP_MULTICAST_ALL = 49;
    static final int IPPROTO_IPV6 = 41;
    static final int IPV6_V6ONLY = 26;
    static final int IPV6_MULTICAST_ALL = 29;

    static final int SHUT_RD = 0;
    static final int MSG_TRUNC = 0x20;

    /** recvmmsg: return at once, with EAGAIN if there is no datagram. */
    static final int MSG_DONTWAIT = 0x40;

    static final int MSG_NOSIGNAL = 0x4000;
    /** Waits for one datagram only. */
    static final int MSG_WAITFORONE = 0x10000;

    /** Why the calls cannot be used; empty if they can. */
    static final String PROBLEM;

    private static final MethodHandle SOCKET;
    private static final MethodHandle BIND;
    private static final MethodHandle GETSOCKNAME;
    private static final MethodHandle SETSOCKOPT;
    private static final MethodHandle SHUTDOWN;
    private static final MethodHandle CLOSE;
    private static final MethodHandle RECVMMSG;
    private static final MethodHandle SENDMMSG;

    static {
        Class<?> i = int.class;
        Class<?> pointer = long.class;
        Functions all = new Functions();
        SOCKET = all.get("socket", i, i, i);
        BIND = all.get("bind", i, pointer, i);
        GETSOCKNAME = all.get("getsockname", i, pointer, pointer);
        SETSOCKOPT = all.get("setsockopt", i, i, i, pointer, i);
        SHUTDOWN = all.get("shutdown", i, i);
        CLOSE = all.get("close", i);
        RECVMMSG = all.get("recvmmsg", i, pointer, i, i, pointer);
        SENDMMSG = all.get("sendmmsg", i, pointer, i, i);
        PROBLEM = all.problem;
    }

    private LinuxSockets() {}

    /** Looks functions up, and remembers the first problem. */
    private static final class Functions {

        private String problem = "";

        Functions() {
            String os = System.getProperty("os.name", "");
            String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
            if (!os.equals("Linux") || !(processor.equals("amd64") || processor.equals("aarch64"))) {
                problem = "it needs Linux on x86_64 or aarch64";
            } else if (!ForeignFunctions.isSupported()) {
                problem = "it needs JDK 22 or later";
            } else if (!ForeignFunctions.isPermitted()) {
                problem = "it needs the JVM option " + ForeignFunctions.permission();
            }
        }

        MethodHandle get(String name, Class<?>... parameters) {
            if (problem.isEmpty()) {
                try {
                    return ForeignFunctions.ofTheCLibrary().function(name, parameters);
                } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
                    problem = name + ": " + e;
                }
            }
            return ForeignFunctions.missing(parameters);
        }
    }

    static int socket(Errno errno, int family, int type) {
        try {
            return (int) SOCKET.invokeExact(errno.segment, family, type, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int bind(Errno errno, int fd, long address, int length) {
        try {
            return (int) BIND.invokeExact(errno.segment, fd, address, length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int getsockname(Errno errno, int fd, long address, long length) {
        try {
            return (int) GETSOCKNAME.invokeExact(errno.segment, fd, address, length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int setsockopt(Errno errno, int fd, int level, int option, long value, int length) {
        try {
            return (int) SETSOCKOPT.invokeExact(errno.segment, fd, level, option, value, length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int shutdown(Errno errno, int fd, int how) {
        try {
            return (int) SHUTDOWN.invokeExact(errno.segment, fd, how);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int close(Errno errno, int fd) {
        try {
            return (int) CLOSE.invokeExact(errno.segment, fd);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int recvmmsg(Errno errno, int fd, long headers, int count, int flags) {
        try {
            return (int) RECVMMSG.invokeExact(errno.segment, fd, headers, count, flags, 0L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int sendmmsg(Errno errno, int fd, long headers, int count, int flags) {
        try {
            return (int) SENDMMSG.invokeExact(errno.segment, fd, headers, count, flags);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The handles declare Throwable and throw nothing, except Errors of the JVM. */
    private static IllegalStateException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("java.lang.foreign", e);
    }

    /** The error number of the latest call that was given this object. Not thread-safe. */
    static final class Errno {

        static final int EINTR = 4;
        static final int EBADF = 9;
        static final int EAGAIN = 11;
        static final int ENOTSOCK = 88;
        static final int EAFNOSUPPORT = 97;

        private static final int EACCES = 13;
        private static final int EPERM = 1;
        private static final int EINVAL = 22;
        private static final int EMFILE = 24;
        private static final int EMSGSIZE = 90;
        private static final int EADDRINUSE = 98;
        private static final int EADDRNOTAVAIL = 99;
        private static final int ENETUNREACH = 101;
        private static final int ENOBUFS = 105;
        private static final int ECONNREFUSED = 111;
        private static final int EHOSTDOWN = 112;
        private static final int EHOSTUNREACH = 113;

        private final ByteBuffer memory = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
        private final Object segment = ForeignFunctions.segment(memory);

        int value() {
            return memory.getInt(0);
        }

        /** Returns true if the error may be that of an earlier datagram, reported by ICMP. */
        boolean mayBeOfAnEarlierDatagram() {
            return switch (value()) {
                case ENETUNREACH, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH -> true;
                default -> false;
            };
        }

        /** Returns the exception of a failed call, with the system's words where {@code BindFailedException} knows them. */
        SocketException exception() {
            int value = value();
            return switch (value) {
                case EADDRINUSE -> new BindException("Address already in use");
                case EADDRNOTAVAIL -> new BindException("Cannot assign requested address");
                case EACCES -> new BindException("Permission denied");
                case EPERM -> new SocketException("Operation not permitted");
                case EINVAL -> new SocketException("Invalid argument");
                case EMFILE -> new SocketException("Too many open files");
                case EMSGSIZE -> new SocketException("Message too long");
                case ENETUNREACH -> new SocketException("Network is unreachable");
                case ENOBUFS -> new SocketException("No buffer space available");
                case ECONNREFUSED -> new SocketException("Connection refused");
                case EHOSTDOWN -> new SocketException("Host is down");
                case EHOSTUNREACH -> new SocketException("No route to host");
                case EAGAIN -> new SocketException("Resource temporarily unavailable");
                case EBADF -> new SocketException("Bad file descriptor");
                default -> new SocketException("errno " + value);
            };
        }
    }
}
