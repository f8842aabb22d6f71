package org.sipproxy.nat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Two homes behind two routers, with a proxy on the internet between them, as Linux network namespaces with the
 * kernel's NAT:
 *
 * <pre>
 * phone a 192.168.1.10 -- router a 198.51.100.2 -- proxy 192.0.2.1 -- router b 203.0.113.2 -- phone b 192.168.1.10
 * </pre>
 */
final class Namespaces implements AutoCloseable {

    enum Kind {
        /** As a Linux home router: keeps ports that are free; only hosts that the phone has sent to may respond. */
        PORT_RESTRICTED("oifname wan masquerade"),
        /** A new random port for each destination. */
        SYMMETRIC("oifname wan masquerade fully-random"),
        /** Forwards a port to the phone, from any sender. */
        FULL_CONE("oifname wan masquerade");

        private final String rule;

        Kind(String rule) {
            this.rule = rule;
        }
    }

    static final String PROXY = "192.0.2.1:5060";
    static final String PHONE = "192.168.1.10:5060";

    private final String prefix = "sn" + ProcessHandle.current().pid();
    private final List<String> names = new ArrayList<>();
    private final List<Program> programs = new ArrayList<>();

    /** Returns why namespaces cannot be used here; empty if they can. */
    static Optional<String> obstacle() {
        for (List<String> command : List.of(
                List.of("ip", "-V"), List.of("nft", "-v"), List.of("conntrack", "-V"), List.of("sysctl", "-V"))) {
            if (run(command) != 0) {
                return Optional.of(command.get(0) + " is not installed, or this user may not run it");
            }
        }
        String probe = "snprobe" + ProcessHandle.current().pid();
        if (run(List.of("ip", "netns", "add", probe)) != 0) {
            return Optional.of("network namespaces are not permitted; run as root");
        }
        boolean nat = run(List.of("ip", "netns", "exec", probe, "nft", "add table ip nat")) == 0;
        run(List.of("ip", "netns", "del", probe));
        return nat ? Optional.empty() : Optional.of("nftables does not work in a namespace here");
    }

    Namespaces(Kind kind, int udpTimeoutSeconds) {
        try {
            for (String name : List.of("p", "ra", "rb", "a", "b")) {
                must("ip", "netns", "add", prefix + name);
                names.add(prefix + name);
                in(name, "ip link set lo up");
            }
            in("p", "ip addr add 192.0.2.1/32 dev lo");
            in("p", "sysctl -qw net.ipv4.ip_forward=1");
            home("a", "198.51.100", kind, udpTimeoutSeconds);
            home("b", "203.0.113", kind, udpTimeoutSeconds);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void home(String side, String network, Kind kind, int udpTimeoutSeconds) {
        String router = "r" + side;
        must(
                "ip",
                "link",
                "add",
                "wan",
                "netns",
                prefix + router,
                "type",
                "veth",
                "peer",
                "name",
                "to" + side,
                "netns",
                prefix + "p");
        must(
                "ip",
                "link",
                "add",
                "lan",
                "netns",
                prefix + router,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                prefix + side);
        in("p", "ip addr add " + network + ".1/24 dev to" + side);
        in("p", "ip link set to" + side + " up");
        in(router, "ip addr add " + network + ".2/24 dev wan");
        in(router, "ip addr add 192.168.1.1/24 dev lan");
        in(router, "ip link set wan up");
        in(router, "ip link set lan up");
        in(router, "ip route add default via " + network + ".1");
        in(router, "sysctl -qw net.ipv4.ip_forward=1");
        in(router, "nft add table ip nat");
        in(router, "nft add chain ip nat out { type nat hook postrouting priority 100 ; }");
        in(router, "nft add rule ip nat out " + kind.rule);
        if (kind == Kind.FULL_CONE) {
            in(router, "nft add chain ip nat in { type nat hook prerouting priority -100 ; }");
            in(router, "nft add rule ip nat in iifname wan meta l4proto udp dnat to 192.168.1.10");
        }
        in(router, "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=" + udpTimeoutSeconds);
        in(router, "sysctl -qw net.netfilter.nf_conntrack_udp_timeout_stream=" + udpTimeoutSeconds);
        in(side, "ip addr add 192.168.1.10/24 dev eth0");
        in(side, "ip link set eth0 up");
        in(side, "ip route add default via 192.168.1.1");
    }

    private void in(String name, String command) {
        List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", prefix + name));
        words.addAll(List.of(command.split(" ")));
        must(words.toArray(new String[0]));
    }

    /** Flushes the mappings of a side's router. */
    void reboot(String side) {
        run(List.of("ip", "netns", "exec", prefix + "r" + side, "conntrack", "-F"));
    }

    /** Starts a test class in a namespace and waits until it is ready. */
    Program start(String name, Class<?> main, String... args) {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", prefix + name));
        command.addAll(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx128m",
                "-Djava.net.preferIPv4Stack=true",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        command.addAll(List.of(args));
        Program program = new Program(name, command);
        programs.add(program);
        program.expect("ready");
        return program;
    }

    private static void must(String... command) {
        int status = run(List.of(command));
        if (status != 0) {
            throw new IllegalStateException(String.join(" ", command) + " ended with " + status);
        }
    }

    private static int run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (IOException e) {
            return -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    @Override
    public void close() {
        programs.forEach(Program::close);
        names.forEach(name -> run(List.of("ip", "netns", "del", name)));
    }

    /** A program in a namespace, controlled by lines on its standard input. */
    static final class Program {

        private final String name;
        private final Process process;
        private final BufferedReader out;
        private final Writer in;

        Program(String name, List<String> command) {
            this.name = name;
            try {
                process = new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        }

        /** Sends a line and returns the response, which must begin with ok. */
        String say(String line) {
            begin(line);
            return expect(line);
        }

        /** Sends a line without waiting for the response. */
        void begin(String line) {
            try {
                in.write(line + "\n");
                in.flush();
            } catch (IOException e) {
                throw new AssertionError(name + " has ended", e);
            }
        }

        String expect(String what) {
            try {
                String answer = out.readLine();
                if (answer == null || !answer.startsWith("ok")) {
                    throw new AssertionError(name + ": " + what + ": " + answer);
                }
                return answer.substring(2).strip();
            } catch (IOException e) {
                throw new AssertionError(name + " has ended", e);
            }
        }

        void close() {
            process.destroy();
        }
    }
}
