namespace CodeChill.Server.Platform;

/// <summary>The contract's <c>pagination</c> object.</summary>
internal sealed record Pagination(int Page, int Pages, int PerPage, long Total, bool HasNext, bool HasPrev);

/// <summary>A page asked for by a client: values outside the range are pulled into it, as the clients expect, never refused.</summary>
internal readonly record struct PageRequest(int Page, int PerPage)
{
    public int Offset => (int)Math.Min((long)(Page - 1) * PerPage, int.MaxValue);

    public static PageRequest From(HttpContext http, int defaultPerPage, int maxPerPage)
    {
        var page = int.TryParse(http.Request.Query["page"], out var p) ? p : 1;
        var perPage = int.TryParse(http.Request.Query["per_page"], out var n) ? n : defaultPerPage;
        return new(Math.Max(1, page), Math.Clamp(perPage, 1, maxPerPage));
    }

    public Pagination Describe(long total)
    {
        var pages = (int)((total + PerPage - 1) / PerPage);
        return new(Page, pages, PerPage, total, Page < pages, Page > 1);
    }
}
