package org.sipproxy.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.sipproxy.api.transport.Endpoint;

/** Warnings for certificates and files with secrets that work, but not for everyone or not safely. */
final class CertificateCheck {

    private static final int DNS = 2;
    private static final int IP = 7;

    private CertificateCheck() {}

    /**
     * Returns a line if the certificate is not for a domain that phones may verify (RFC 5922 §7.2): that of their
     * users, or an advertised address, which a phone may be configured with instead. Unreadable files have no line
     * here.
     */
    static Optional<String> wrongName(String option, Path file, List<String> domains, List<Endpoint> endpoints) {
        Set<String> names = names(file);
        Set<String> missing = new TreeSet<>();
        domains.forEach(domain -> missing.add(domain.toLowerCase(Locale.ROOT)));
        missing.removeAll(names);
        boolean hasOther = endpoints.stream()
                .anyMatch(endpoint -> endpoint.kind().isSecure()
                        && (names.contains(endpoint.advertisedHost()) || names.contains(endpoint.host())));
        if (names.isEmpty() || missing.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                option + ": the certificate in " + file + " is for " + String.join(", ", names) + ", not for "
                        + String.join(", ", missing)
                        + (hasOther
                                ? ", so only phones that are configured with one of its names" + " accept it"
                                : ", so phones that verify it refuse the connection")
                        + "; request one whose subjectAltName has every domain");
    }

    /** Returns the names of the first certificate of a file; empty if there are none or it cannot be read. */
    private static Set<String> names(Path file) {
        Set<String> names = new TreeSet<>();
        try (InputStream in = Files.newInputStream(file)) {
            X509Certificate certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    if (alternative.get(0).equals(DNS) || alternative.get(0).equals(IP)) {
                        names.add(String.valueOf(alternative.get(1)).toLowerCase(Locale.ROOT));
                    }
                }
            }
        } catch (IOException | CertificateException e) {
            return Set.of(); // the settings report it
        }
        return names;
    }

    /** Returns a line for each file that other users of this machine can read. Files that do not exist have none. */
    static List<String> readableByOthers(String option, String... files) {
        List<String> warnings = new ArrayList<>();
        for (String file : files) {
            try {
                if (!file.isEmpty() && isReadableByOthers(Path.of(file).toAbsolutePath())) {
                    warnings.add(option + ": every user of this machine can read " + file + "; chmod 600 " + file
                            + ", with the user of the server as owner");
                }
            } catch (IOException | UnsupportedOperationException | java.nio.file.InvalidPathException e) {
                // reported where it is read, or a file system without permissions
            }
        }
        return warnings;
    }

    private static boolean isReadableByOthers(Path file) throws IOException {
        for (Path folder = file.getParent(); folder != null; folder = folder.getParent()) {
            if (!Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                return false;
            }
        }
        return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
    }
}
