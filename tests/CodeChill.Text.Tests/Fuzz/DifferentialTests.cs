namespace CodeChill.Text.Tests.Fuzz;

[Collection(nameof(YjsPeer))]
public sealed class DifferentialTests(YjsPeer peer)
{
    private const int Schedules = 2_000;

    [Fact]
    public void Random_schedules_end_in_the_same_text_state_vector_and_bytes_as_yjs()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("TEXT_FUZZ_SEED"), out int seed) ? seed : 1;
        for (int i = first; i < first + Schedules; i++)
        {
            try
            {
                new Schedule(peer, i).Run();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Schedule {i} failed: set TEXT_FUZZ_SEED={i} to run it first.", e);
            }
        }
    }
}
