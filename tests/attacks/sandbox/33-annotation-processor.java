// Attack: an annotation processor or service file that runs at compile time
// Row: 33
// Status: Success
// Outcome: processors are off; the class is compiled and nothing of it runs in the compiler
import java.util.*;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;

@SupportedAnnotationTypes("*")
public class Main extends AbstractProcessor {
    static { if (System.getProperty("jdk.module.main", "").equals("jdk.compiler")) System.out.println("BREACH: runs in the compiler"); }
    public boolean process(Set<? extends TypeElement> a, RoundEnvironment r) { System.out.println("BREACH: processor"); return false; }
    public static void main(String[] args) { System.out.println("contained"); }
}
