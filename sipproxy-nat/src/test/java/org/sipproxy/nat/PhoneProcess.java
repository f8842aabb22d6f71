package org.sipproxy.nat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.sipproxy.testkit.Call;
import org.sipproxy.testkit.Phone;

/**
 * A {@link Phone} as a program for a network namespace: {@code USER LOCAL-IP:PORT PROXY-IP:PORT}. Executes commands
 * from standard input, one per line, and prints one line for each, {@code ok ...} or {@code failed ...}.
 */
final class PhoneProcess {

    private PhoneProcess() {}

    public static void main(String[] args) throws Exception {
        try (Phone phone = Phone.builder(args[0])
                .local(address(args[1]))
                .proxy(address(args[2]))
                .answering()
                .open()) {
            Deque<Call> current = new ArrayDeque<>();
            System.out.println("ok ready");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
                try {
                    System.out.println("ok " + run(phone, current, line.split(" ")));
                } catch (AssertionError | RuntimeException e) {
                    System.out.println(
                            "failed " + String.valueOf(e.getMessage()).replace('\n', ' '));
                }
                System.out.flush();
            }
        }
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private static String run(Phone phone, Deque<Call> current, String[] words) {
        switch (words[0]) {
            case "register" -> phone.register(Duration.ofSeconds(Integer.parseInt(words[1])));
            case "watch" -> {
                return phone.registerIfMappingChanged() ? "changed" : "same";
            }
            case "call" -> current.add(phone.call(words[1]).awaitAnswer());
            case "incoming" -> current.add(phone.awaitCall().awaitAck());
            case "reinvite" -> current.getLast().reinvite();
            case "hangup" -> current.removeLast().hangUp();
            case "ended" -> current.removeLast().awaitHangUp();
            case "complaints" -> {
                return phone.complaints().size() + " " + phone.complaints();
            }
            case "pinged" -> {
                return String.valueOf(phone.pings());
            }
            default -> throw new IllegalArgumentException("unknown: " + words[0]);
        }
        return words[0];
    }
}
