package org.sipproxy.spring.test;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.sipproxy.testkit.Phone;

/** Names of the open phones in a drawing. */
final class PhoneNames implements Function<InetSocketAddress, Optional<String>> {

    private final List<Phone> phones = new CopyOnWriteArrayList<>();

    void add(Phone phone) {
        phones.add(phone);
    }

    List<Phone> removeAll() {
        List<Phone> open = List.copyOf(phones);
        phones.removeAll(open);
        return open;
    }

    @Override
    public Optional<String> apply(InetSocketAddress address) {
        return phones.stream()
                .filter(phone -> phone.localAddress().getPort() == address.getPort())
                .map(Phone::user)
                .findFirst();
    }
}
