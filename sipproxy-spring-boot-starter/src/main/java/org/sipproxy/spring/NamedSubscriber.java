package org.sipproxy.spring;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Value of one {@code sipproxy.subscriber}. */
record NamedSubscriber(String user, String password) {

    private static final String PROPERTY = "sipproxy.subscriber";

    /** Leaves out the password. */
    @Override
    public String toString() {
        return user;
    }

    /** Reads the values. Problems name their number, because the text may be a password. */
    static List<NamedSubscriber> read(List<String> subscribers, Problems problems) {
        Map<String, NamedSubscriber> named = new LinkedHashMap<>();
        for (int i = 0; i < subscribers.size(); i++) {
            String text = subscribers.get(i);
            String property = PROPERTY + "[" + i + "]";
            int colon = text.indexOf(':');
            if (colon < 1 || colon == text.length() - 1) {
                problems.add(property, "", "is not USER:PASSWORD", "write it as 1001:test1234");
                continue;
            }
            String user = text.substring(0, colon);
            if (user.indexOf('@') >= 0 || user.matches("(?i)sips?")) {
                problems.add(
                        property,
                        "",
                        "has a domain or sip: in front of the password",
                        "write USER:PASSWORD, such as 1001:test1234: the domain is that of sipproxy.domain");
                continue;
            }
            if (user.chars().anyMatch(c -> c <= ' ' || c == '"' || c == '<' || c == '>')) {
                problems.add(
                        property,
                        "",
                        "has a quotation mark, a blank or a bracket in the user, which no phone sends",
                        "");
                continue;
            }
            NamedSubscriber one = new NamedSubscriber(user, text.substring(colon + 1));
            NamedSubscriber other = named.putIfAbsent(user.toLowerCase(Locale.ROOT), one);
            if (other != null && other.user().equals(user)) {
                problems.add(property, "", "gives the user " + user + " twice", "give each user once");
            } else if (other != null) {
                problems.add(
                        property,
                        "",
                        "gives " + user + ", which differs from " + other.user() + " in case only",
                        "rename one of them");
            }
        }
        return List.copyOf(named.values());
    }
}
