package org.sipproxy.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sipproxy.core.options.RegistrarPolicy;

/** Value of one {@code --subscriber}. */
record NamedSubscriber(String user, String password) {

    @Override
    public String toString() {
        return user;
    }

    /** Returns the user as it is in an address-of-record. */
    String canonicalUser() {
        return RegistrarPolicy.DEFAULT.userCase().canonical(user);
    }

    /** Reads values of {@code --subscriber}, and adds errors to {@code problems}, without the passwords. */
    static List<NamedSubscriber> read(List<String> subscribers, List<String> problems) {
        Map<String, NamedSubscriber> named = new LinkedHashMap<>();
        for (int i = 0; i < subscribers.size(); i++) {
            String text = subscribers.get(i);
            int colon = text.indexOf(':');
            if (colon < 1 || colon == text.length() - 1) {
                // by its number, because the text may be a password
                problems.add("--subscriber: number " + (i + 1) + " is not USER:PASSWORD; write it as 1001:test1234");
                continue;
            }
            String user = text.substring(0, colon);
            if (user.indexOf('@') >= 0 || isScheme(user, text.substring(colon + 1))) {
                problems.add("--subscriber: number " + (i + 1) + " has a domain or sip: in front of the password; write"
                        + " USER:PASSWORD, such as 1001:test1234: the domain is that of --domain");
                continue;
            }
            if (user.chars().anyMatch(c -> c <= ' ' || c == '"' || c == '<' || c == '>')) {
                problems.add("--subscriber: the user of number " + (i + 1) + " has a quotation mark, a blank or a"
                        + " bracket, which no phone sends; a configuration file is taken verbatim, so omit"
                        + " quotation marks");
                continue;
            }
            NamedSubscriber other = named.putIfAbsent(
                    RegistrarPolicy.DEFAULT.userCase().canonical(user),
                    new NamedSubscriber(user, text.substring(colon + 1)));
            if (other != null) {
                problems.add(
                        other.user().equals(user)
                                ? "--subscriber: " + user + " is given twice; give each user once"
                                : "--subscriber: " + user + " and " + other.user()
                                        + " differ in case only and would share one address-of-record; rename one of"
                                        + " them");
            }
        }
        return List.copyOf(named.values());
    }

    /** Returns true if a text is an address such as {@code sip:1001:pw} or {@code sip:1001@sip.test}. */
    private static boolean isScheme(String user, String rest) {
        return user.matches("(?i)sips?") && (rest.indexOf(':') >= 0 || rest.indexOf('@') >= 0);
    }
}
